export { type Draft, toDraft } from "./draft";
export { taskLines } from "./lines";
export type { LabelName, MemberName, ProjectName } from "./names";
export { type Context, type Kind, type Parsed, parse, type Token, type Unknown } from "./parse";
export { type Suggestion, type Suggestions, suggest } from "./suggest";
