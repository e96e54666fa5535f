/** A grid by roles on plain elements: rows of a table cannot be put where a virtual list wants them. */

export const gridcell = (column: number, span = 1) => ({
  role: "gridcell",
  "aria-colindex": column,
  ...(span > 1 && { "aria-colspan": span }),
});
type Sorted = "ascending" | "descending" | "none" | undefined;
export const columnheader = (column: number, sorted?: Sorted) => ({
  role: "columnheader",
  "aria-colindex": column,
  ...(sorted && { "aria-sort": sorted }),
});
/** A row of the grid; the first one is that of the columns' names. */
export const gridrow = (row: number, selected?: boolean) => ({
  role: "row",
  "aria-rowindex": row,
  ...(selected !== undefined && { "aria-selected": selected }),
});
export const grid = (label: string, rows: number, columns: number, editable: boolean) => ({
  "aria-label": label,
  "aria-rowcount": rows,
  "aria-colcount": columns,
  "aria-multiselectable": editable,
  "aria-readonly": !editable,
});
export const rowgroup = { role: "rowgroup" };
