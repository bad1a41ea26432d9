import { Tags } from "lucide-react";
import { useMemo, useState } from "react";

import { useMay } from "@/access/session";
import { NameDialog } from "@/albums/NameDialog";
import { navigate, paths } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { FormDialog } from "@/components/FormDialog";
import { SkeletonLines } from "@/components/Skeleton";
import { toast } from "@/state/toasts";
import { s } from "@/strings";
import { useTagChanges, useTags } from "@/tags/tags";
import { TagTree } from "@/tags/TagTree";
import { grown, pruned, type Branch } from "@/tags/tree";

const t = s.tagsPage;

/** All tags as a tree: a click shows the photos; the user's own can be moved, merged and deleted. */
export default function TagsPage() {
  const { data, error, refetch } = useTags();
  const may = useMay("write");
  const [sought, setSought] = useState("");
  const [moving, setMoving] = useState<Branch | null>(null);
  const [doomed, setDoomed] = useState<Branch | null>(null);
  const tree = useMemo(() => grown(data?.tags ?? []), [data]);
  const seeking = sought.trim() !== "";
  const shown = seeking ? pruned(tree, sought) : tree;
  return (
    <>
      <PageHeader title={s.nav.tags} note={data && data.tags.length > 0 && t.count(data.tags.length)} />
      {error && !data ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : !data ? (
        <div className="p-4 md:p-6">
          <SkeletonLines lines={8} />
        </div>
      ) : data.tags.length === 0 ? (
        <EmptyState
          icon={Tags}
          title={t.none}
          actions={<Button onClick={() => navigate(paths.photos)}>{t.toPhotos}</Button>}
        >
          <p>{t.noneHint}</p>
        </EmptyState>
      ) : (
        <div className="mx-auto max-w-3xl p-4 md:p-6">
          <input
            type="search"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
            aria-label={t.find}
            placeholder={t.find}
            className="mb-3 h-11 w-full rounded-lg border border-line bg-canvas px-3"
          />
          {shown.length > 0 ? (
            <TagTree
              branches={shown}
              open={seeking}
              onMove={may ? setMoving : null}
              onDelete={may ? setDoomed : null}
            />
          ) : (
            <p role="status" className="text-ink-soft">
              {t.nothing(sought.trim())}
            </p>
          )}
          {may && <p className="mt-6 text-sm text-ink-faint">{t.note}</p>}
        </div>
      )}
      {moving && <MoveDialog branch={moving} names={data?.tags ?? []} onClose={() => setMoving(null)} />}
      {doomed && <DeleteDialog branch={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}

interface MoveDialogProps {
  branch: Branch;
  names: readonly { name: string }[];
  onClose: () => void;
}

/** Another name, with what it lies below; into a name that is there, it says so first. */
function MoveDialog({ branch, names, onClose }: MoveDialogProps) {
  const { move } = useTagChanges();
  const others = names.map(({ name }) => name).filter((name) => name !== branch.name);
  return (
    <NameDialog
      title={t.moveTitle(branch.name)}
      label={t.name}
      action={s.common.save}
      name={branch.name}
      suggestions={others}
      hint={(text) => {
        const same = others.find((name) => name.toLowerCase() === text.toLowerCase());
        return same === undefined ? t.moveHint : t.merge(same);
      }}
      onName={async (name) => {
        if (name !== branch.name) toast(t.moved(name, s.common.photos(await move(branch.name, name))));
      }}
      onClose={onClose}
    />
  );
}

function DeleteDialog({ branch, onClose }: { branch: Branch; onClose: () => void }) {
  const { remove } = useTagChanges();
  return (
    <FormDialog
      title={t.deleteTitle(branch.name)}
      action={t.delete}
      danger
      onClose={onClose}
      onSubmit={async () => {
        toast(t.deleted(branch.name, s.common.photos(await remove(branch.name))));
        onClose();
      }}
    >
      <p>{t.deleteHint(s.common.photos(branch.images))}</p>
    </FormDialog>
  );
}
