// An open loop: requests begin at a given rate, however long the answers take.
// FILE holds {"base", "list", "tasks", "mix", "tokens": [...], "gets": [[who, id]...],
// "creates": [[who, body]...]}, `who` being the place of the token.
import http from "k6/http";
import { SharedArray } from "k6/data";
import { check } from "k6";

// Each client would keep a copy of what is not shared, and read an element anew at each use: so the
// elements are small.
const read = () => JSON.parse(open(__ENV.FILE));
const tokens = new SharedArray("tokens", () => read().tokens);
const gets = new SharedArray("gets", () => read().gets);
const creates = new SharedArray("creates", () => read().creates);
const { base, list, tasks, mix } = new SharedArray("rest", () => {
  const all = read();
  return [{ base: all.base, list: all.list, tasks: all.tasks, mix: all.mix }];
})[0];

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ["med", "p(90)", "p(95)", "p(99)", "max"],
  scenarios: {
    steady: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE),
      timeUnit: "1s",
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: Number(__ENV.CLIENTS),
      maxVUs: Number(__ENV.CLIENTS),
      gracefulStop: "5s",
    },
  },
};

const any = (array) => array[Math.floor(Math.random() * array.length)];
const kinds = Object.entries(mix).flatMap(([kind, share]) => Array(share).fill(kind));
const headersOf = (token) => ({ Authorization: `Bearer ${token}` });

function ask() {
  switch (any(kinds)) {
    case "list":
      return http.get(base + list, { headers: headersOf(any(tokens)) });
    case "create": {
      const [who, body] = any(creates);
      const headers = { ...headersOf(tokens[who]), "Content-Type": "application/json" };
      return http.post(base + tasks, body, { headers, tags: { name: "create" } });
    }
    default: {
      const [who, id] = any(gets);
      // One name for all: k6 would otherwise keep a time series for each address.
      return http.get(`${base}${tasks}/${id}`, {
        headers: headersOf(tokens[who]),
        tags: { name: "get" },
      });
    }
  }
}

export default function () {
  check(ask(), { answered: (answer) => answer.status === 200 || answer.status === 201 });
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data.metrics)}\n` };
}
