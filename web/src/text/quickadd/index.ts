export { type Draft, TITLE_MAX, toDraft } from "./draft";
export type { LabelName, MemberName, ProjectName } from "./names";
export { type Context, type Kind, type Parsed, parse, type Token, type Unknown } from "./parse";
