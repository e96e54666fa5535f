/** Filters of tasks: what pages with tasks share. Words in the namespace `filters`. */

export { marked, type Piece } from "./excerpt";
export { FilterBar } from "./FilterBar";
export { compare, isOpen, type MatchContext, matcher, matches, wordsOf } from "./matching";
export {
  COLUMNS,
  type Column,
  cleared,
  type Filter,
  fromQuery,
  GROUPS,
  type Group,
  NO_FILTER,
  narrows,
  readFilter,
  type Sort,
  toQuery,
  withFilter,
  writeFilter,
} from "./model";
export { type Names, useNames } from "./names";
export { useFilter } from "./useFilter";
export { type Filtered, useFiltered, useMatchContext, useMinute } from "./useFiltered";
export { type SavedFilter, useSavedFilters } from "./useSavedFilters";
