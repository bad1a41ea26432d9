import { ImageOff, Search } from "lucide-react";
import { useMemo } from "react";

import { useParameters } from "@/app/navigation";
import { EmptyState } from "@/components/EmptyState";
import type { Question } from "@/state/results";
import { s } from "@/strings";
import { PhotoResults } from "./PhotoResults";

export function PhotosPage() {
  const [parameters, change] = useParameters();
  const words = parameters.get("q") ?? "";
  const question = useMemo<Question>(() => ({ ...(words && { query: words }), filters: {} }), [words]);
  return (
    <>
      <header id="top-bar" className="sticky top-0 z-20 border-b border-line bg-canvas/95 px-4 py-2 backdrop-blur">
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            change({ q: new FormData(event.currentTarget).get("q") as string });
          }}
          className="mx-auto flex max-w-2xl items-center gap-2 rounded-full border border-line bg-surface px-4 focus-within:border-accent"
        >
          <Search size={18} aria-hidden="true" className="text-ink-faint" />
          <input
            key={words}
            name="q"
            type="search"
            defaultValue={words}
            placeholder={s.search.placeholder}
            aria-label={s.search.label}
            className="h-11 min-w-0 flex-1 bg-transparent focus:outline-none"
          />
        </form>
      </header>
      <PhotoResults
        question={question}
        scored={words !== ""}
        empty={<EmptyState icon={ImageOff} title={s.search.nothing} />}
      />
    </>
  );
}
