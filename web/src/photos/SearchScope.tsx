import { useQuery } from "@tanstack/react-query";
import { Images } from "lucide-react";
import { Link } from "wouter";

import { answered, client } from "@/api/client";
import { paths } from "@/app/navigation";
import { s } from "@/strings";
import { SearchChips } from "./SearchChips";
import { isNarrowed, type SearchState } from "./searchState";
import { searchAt } from "./useSearchState";

interface SearchScopeProps {
  state: SearchState;
  change: (change: Partial<SearchState>) => void;
}

/** Which photos are shown, where they are not all of them: every part can be taken away. */
export function SearchScope({ state, change }: SearchScopeProps) {
  const { data: understood } = useQuery({
    queryKey: ["understood", state.q],
    queryFn: () => answered(client.POST("/api/v1/query/parse", { body: { query: state.q } })),
    enabled: state.q !== "",
  });
  if (!isNarrowed(state)) return null;
  return (
    <div role="group" aria-label={s.search.scope} className="flex flex-wrap items-center gap-1.5">
      <SearchChips state={state} understood={understood} change={change} words />
      <Link
        href={searchAt(paths.photos, state)}
        className="inline-flex min-h-7 items-center gap-1.5 rounded-full px-2 text-sm font-medium text-accent hover:underline"
      >
        <Images size={15} aria-hidden="true" /> {s.search.asPhotos}
      </Link>
    </div>
  );
}
