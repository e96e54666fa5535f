export { default as common } from "./common.json";
export { default as filters } from "./filters.json";
export { default as parts } from "./parts.json";
export { default as shell } from "./shell.json";
