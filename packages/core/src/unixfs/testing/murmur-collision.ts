/**
 * Makes two names with the same murmur3-x64-128 hash, whatever the seed.
 *
 * A difference of the right bit in each word of a first block leaves only the top bit of one half
 * of the state different; the second block takes that away again. Words are tried until both
 * variants are ASCII that may stand in a name.
 * @module
 */

const MASK = (1n << 64n) - 1n
/** Eight bytes below 128. */
const ASCII = 0x7f7f7f7f7f7f7f7fn
/** Spreads a counter over a word. */
const ANY_ODD = 0x9e3779b97f4a7c15n
/** Constants and rotations of the first and second word of a block. */
const WORDS = [
  { before: 0x87c37b91114253d5n, rotation: 31n, after: 0x4cf5ad432745937fn },
  { before: 0x4cf5ad432745937fn, rotation: 33n, after: 0x87c37b91114253d5n },
] as const

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK
}

/** Inverse of an odd number modulo 2^64 (Newton: each step doubles the correct bits). */
function inverse(odd: bigint): bigint {
  let guess = odd
  for (let step = 0; step < 6; step++) guess = (guess * (2n - odd * guess)) & MASK
  return guess
}

function mix(word: bigint, which: 0 | 1): bigint {
  const { before, rotation, after } = WORDS[which]
  return (rotate((word * before) & MASK, rotation) * after) & MASK
}

function unmix(mixed: bigint, which: 0 | 1): bigint {
  const { before, rotation, after } = WORDS[which]
  return (rotate((mixed * inverse(after)) & MASK, 64n - rotation) * inverse(before)) & MASK
}

function toText(word: bigint): string {
  const codes = Array.from({ length: 8 }, (_, i) => Number((word >> BigInt(8 * i)) & 0xffn))
  return String.fromCharCode(...codes)
}

/** Two texts of eight characters whose mixed words differ in `bit` only. */
function wordPair(which: 0 | 1, bit: bigint): [string, string] {
  const isName = /^[^\0/\x80-\xff]{8}$/
  for (let n = 1n; ; n++) {
    const word = (n * ANY_ODD) & ASCII
    const pair = [toText(word), toText(unmix(mix(word, which) ^ (1n << bit), which))] as const
    if (pair.every((text) => isName.test(text))) return [pair[0], pair[1]]
  }
}

/** Two different names with one hash. */
export function collidingNames(): [string, string] {
  // Bit 36 and bit 32 are rotated to bit 63 (by 27 and 31), where addition and the factor 5 keep
  // them alone; added to each other they cancel in the second half of the state.
  const first = wordPair(0, 36n)
  const second = wordPair(1, 32n)
  const third = wordPair(0, 63n)
  return [
    `${first[0]}${second[0]}${third[0]}aaaaaaaa`,
    `${first[1]}${second[1]}${third[1]}aaaaaaaa`,
  ]
}
