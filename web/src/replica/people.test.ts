import { expect, it } from "vitest";
import type { Change, Member } from "./model";
import { tellsOfPeople } from "./people";

const ada = { user_id: "ada", placeholder: false } as Member;
const bob = { user_id: "bob", placeholder: true } as Member;
const by = (actor_id: string | null, entity = "task") => ({ actor_id, entity }) as Change;

it("asks for the members again when they changed", () => {
  expect(tellsOfPeople([by("ada")], [ada, bob])).toBe(false);
  expect(tellsOfPeople([by("ada"), by("ada", "member")], [ada, bob])).toBe(true);
});

it("asks for the name of somebody who was invited, and has begun to work", () => {
  expect(tellsOfPeople([by(null), by("bob")], [ada, bob])).toBe(true);
  expect(tellsOfPeople([by("bob")], [ada, { ...bob, placeholder: false }])).toBe(false);
});
