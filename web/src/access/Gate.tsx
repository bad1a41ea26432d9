import { useQueryClient } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";

import { LoginPage } from "./LoginPage";
import { libraryLocked, sessionEnded, useSession } from "./session";
import { UnlockPage } from "./UnlockPage";
import { onProblem } from "@/api/client";

/** Shows the page to whoever may see it, the login to everybody else, and how to unlock a library that is locked. */
export function Gate({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const { data, isPending } = useSession();
  useEffect(
    () =>
      onProblem((kind) => {
        if (kind === "not-logged-in") sessionEnded(queries);
        else if (kind === "library-locked") libraryLocked(queries);
      }),
    [queries],
  );
  if (isPending) return null;
  if (data?.login_required && data.user === null) return <LoginPage />;
  if (data?.locked) return <UnlockPage />;
  return children;
}
