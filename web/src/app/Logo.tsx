/** A lens over a horizon. The same drawing as public/icons/icon.svg. */
export function Logo({ className = "" }: { className?: string }) {
  return (
    <svg viewBox="0 0 64 64" className={className} aria-hidden="true">
      <rect width="64" height="64" rx="15" fill="#2457d6" />
      <circle cx="28" cy="28" r="15" fill="#fff" />
      <path d="M14.6 33.5 23 25l6 6 4-4 8.8 6.6A15 15 0 0 1 14.6 33.5Z" fill="#8fb2ff" />
      <circle cx="33.5" cy="21.5" r="2.8" fill="#f6c453" />
      <path d="m40 40 11 11" stroke="#fff" strokeWidth="6" strokeLinecap="round" />
    </svg>
  );
}
