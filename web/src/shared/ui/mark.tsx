// The mark, in the current colour.
export function Mark({ size = 24, className, title }: { size?: number; className?: string; title?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      className={className}
      role={title ? "img" : undefined}
      aria-label={title}
      aria-hidden={title ? undefined : true}
    >
      <path
        fill="currentColor"
        fillRule="evenodd"
        d="M16 2A10 10 0 0 1 26 12V17.5A3.5 3.5 0 0 0 29.4 21A1.7 1.7 0 0 1 29.4 24.4A6.9 6.9 0 0 1 23.9 21.6A1 1 0 0 0 22.2 22.5A5.5 5.5 0 0 0 24.2 26.6A1.7 1.7 0 0 1 22 29.2A8.8 8.8 0 0 1 18.8 22.4V21A2.8 2.8 0 0 0 13.2 21V22.4A8.8 8.8 0 0 1 10 29.2A1.7 1.7 0 0 1 7.8 26.6A5.5 5.5 0 0 0 9.8 22.5A1 1 0 0 0 8.1 21.6A6.9 6.9 0 0 1 2.6 24.4A1.7 1.7 0 0 1 2.6 21A3.5 3.5 0 0 0 6 17.5V12A10 10 0 0 1 16 2ZM12 10.6a2 2 0 1 0 0 4a2 2 0 1 0 0-4ZM20 10.6a2 2 0 1 0 0 4a2 2 0 1 0 0-4Z"
      />
    </svg>
  );
}
