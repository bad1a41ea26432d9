import type { ReactNode } from "react";

interface PageHeaderProps {
  title: ReactNode;
  /** Beside the title: how many, what for. */
  note?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
  /** Below: filters, tabs. */
  children?: ReactNode;
}

/** The bar that stays at the top of a page. Its id tells the grid how much of the screen is covered. */
export function PageHeader({ title, note, actions, children }: PageHeaderProps) {
  return (
    <header id="top-bar" className="sticky top-0 z-20 border-b border-line bg-canvas/95 px-4 backdrop-blur">
      <div className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-1 py-2">
        <h1 className="min-w-0 truncate text-lg font-semibold">{title}</h1>
        {note && <span className="text-sm text-ink-faint">{note}</span>}
        {actions && <div className="ml-auto flex items-center gap-1">{actions}</div>}
      </div>
      {children && <div className="pb-2">{children}</div>}
    </header>
  );
}
