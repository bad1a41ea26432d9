import { Dialog } from "@/components/Dialog";
import { s } from "@/strings";

/** What the keys do. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={s.viewer.shortcuts} onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-2 text-sm text-ink">
        {s.viewer.keys.map(([keys, what]) => (
          <div key={keys} className="contents">
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key} className="mr-1 rounded border border-line bg-surface px-1.5 py-0.5 font-sans text-xs">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
