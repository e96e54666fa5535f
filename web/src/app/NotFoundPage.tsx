import { NothingHere } from "@/parts/NothingHere";

/** In place of all: nothing has this address. */
export function NotFoundPage() {
  return (
    <main>
      <NothingHere />
    </main>
  );
}
