/** A grid by roles on plain elements: a table cannot share its height out among its rows. */

export const grid = (label: string) => ({ role: "grid", "aria-label": label });
export const gridrow = { role: "row" };
export const gridcell = (current: boolean) => ({
  role: "gridcell",
  ...(current && { "aria-current": "date" as const }),
});
export const columnheader = { role: "columnheader" };
export const rowheader = { role: "rowheader" };
export const rowgroup = { role: "rowgroup" };
