/**
 * Tables of text.
 * @module
 */

/**
 * Rows as lines whose columns begin below each other; a column that is empty in all rows is left
 * out. Rows have the same number of cells.
 *
 * @example
 * tableLines([['a', '1'], ['bcd', '22']]) // ['a    1', 'bcd  22']
 */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]!.length), 0),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .filter((_, column) => widths[column] !== 0)
      .join('  ')
      .trimEnd(),
  )
}
