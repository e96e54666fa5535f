import { createContext } from "react";

/** Whether the task stands beside a page, which stays. */
export const InPanel = createContext(false);
