/**
 * Types of ensure.mjs, for its test.
 * @module
 */
export function missing(root?: string): 'ci' | 'install' | undefined
export function newEnough(version: string): boolean
export function pinnedNode(root?: string): string
export function explain(output: string): string
