import { useState } from "react";

import { FormDialog } from "@/components/FormDialog";
import { s } from "@/strings";

const t = s.peoplePages.erasing;

interface EraseDialogProps {
  title: string;
  hint: string;
  /** What has to be typed. */
  word: string;
  /** What the button says. */
  action: string;
  onErase: () => void;
  onClose: () => void;
}

/** Erasing cannot be undone: it takes more than a click. */
export function EraseDialog({ title, hint, word, action, onErase, onClose }: EraseDialogProps) {
  const [text, setText] = useState("");
  return (
    <FormDialog
      title={title}
      action={action}
      danger
      disabled={text.trim().toLocaleLowerCase() !== word.toLocaleLowerCase()}
      onClose={onClose}
      onSubmit={onErase}
    >
      <p>{hint}</p>
      <label className="mt-4 block text-sm font-medium">
        {t.type(word)}
        <input
          value={text}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          className="mt-1 block h-11 w-full rounded-lg border border-line bg-canvas px-3 font-normal"
        />
      </label>
    </FormDialog>
  );
}
