import { BookmarkPlus } from "lucide-react";
import { useState } from "react";

import { useAddSmartAlbum } from "@/albums/albums";
import { NameDialog } from "@/albums/NameDialog";
import { navigate, paths } from "@/app/navigation";
import { Button } from "@/components/Button";
import { s } from "@/strings";
import { canBeSaved, savedQuery } from "./savedQuery";
import type { SearchState } from "./searchState";
import { useNames } from "./useNames";

/** Keeps the search as a smart album. */
export function SaveSearch({ state }: { state: SearchState }) {
  const names = useNames(state);
  const add = useAddSmartAlbum();
  const [naming, setNaming] = useState(false);
  const query = savedQuery(state, names);
  if (!canBeSaved(state) || query === "") return null;
  return (
    <>
      <Button look="quiet" className="gap-1.5! px-2! font-normal!" icon={BookmarkPlus} onClick={() => setNaming(true)}>
        <span className="max-sm:sr-only">{s.albumsPage.saveSearch}</span>
      </Button>
      {naming && (
        <NameDialog
          title={s.albumsPage.newSmart}
          label={s.albumsPage.name}
          placeholder={s.albumsPage.smartPlaceholder}
          action={s.common.save}
          query={query}
          onName={async (name, query) => {
            const made = await add.mutateAsync({ name, query });
            navigate(paths.album(made.id));
          }}
          onClose={() => setNaming(false)}
        />
      )}
    </>
  );
}
