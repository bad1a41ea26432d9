import { useQueryClient } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";

import { LoginPage } from "./LoginPage";
import { sessionEnded, useSession } from "./session";
import { onUnauthorized } from "@/api/client";

/** Shows the page to whoever may see it, and the login to everybody else. */
export function Gate({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const { data, isPending } = useSession();
  useEffect(() => onUnauthorized(() => sessionEnded(queries)), [queries]);
  if (isPending) return null;
  if (data?.login_required && data.user === null) return <LoginPage />;
  return children;
}
