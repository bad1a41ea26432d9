import type { ReactNode, SyntheticEvent } from "react";

import { messageOf } from "@/api/errors";
import { Logo } from "@/app/Logo";

interface FrontFormProps {
  title: string;
  onSubmit: () => void;
  children: ReactNode;
}

/** The form that stands in place of every page until somebody has come in. */
export function FrontForm({ title, onSubmit, children }: FrontFormProps) {
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <form onSubmit={submit} className="w-full max-w-sm rounded-2xl border border-line bg-raised p-6 shadow-float">
        <div className="mb-6 flex items-center gap-3">
          <Logo className="size-10" />
          <h1 className="text-lg font-semibold">{title}</h1>
        </div>
        {children}
      </form>
    </main>
  );
}

/** Why it was refused, if it was. */
export function Refused({ error }: { error: Error | null }) {
  return (
    error && (
      <p role="alert" className="mb-4 rounded-lg bg-danger-soft p-3 text-sm text-danger">
        {messageOf(error)}
      </p>
    )
  );
}
