// An open loop: requests begin at a given rate, however long the answers take.
// FILE holds {"base", "accounts": [{"token", "list", "tasks", "create", "bodies"}], "mix"}.
import http from "k6/http";
import { SharedArray } from "k6/data";
import { check } from "k6";

const given = new SharedArray("given", () => [JSON.parse(open(__ENV.FILE))])[0];
const accounts = new SharedArray("accounts", () => JSON.parse(open(__ENV.FILE)).accounts);
const rate = Number(__ENV.RATE);

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ["med", "p(90)", "p(95)", "p(99)", "max"],
  scenarios: {
    steady: {
      executor: "constant-arrival-rate",
      rate,
      timeUnit: "1s",
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: Number(__ENV.CLIENTS),
      maxVUs: Number(__ENV.CLIENTS),
      gracefulStop: "5s",
    },
  },
};

const any = (list) => list[Math.floor(Math.random() * list.length)];
const kinds = Object.entries(given.mix).flatMap(([kind, share]) => Array(share).fill(kind));

export default function () {
  const one = any(accounts);
  const headers = { Authorization: `Bearer ${one.token}` };
  let answer;
  switch (any(kinds)) {
    case "list":
      answer = http.get(given.base + one.list, { headers });
      break;
    case "create":
      headers["Content-Type"] = "application/json";
      answer = http.post(given.base + given.create, any(one.bodies), { headers });
      break;
    default:
      answer = http.get(`${given.base}${given.create}/${any(one.tasks)}`, { headers });
  }
  check(answer, { answered: (a) => a.status === 200 || a.status === 201 });
}

export function handleSummary(data) {
  return { stdout: `${JSON.stringify(data.metrics)}\n` };
}
