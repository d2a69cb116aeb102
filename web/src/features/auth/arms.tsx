// The picture of the sign-in page: the mark, its arms grown into pipes that end at services.
const SERVICES = [
  { x: 82, name: "app" },
  { x: 214, name: "api" },
  { x: 346, name: "git" },
  { x: 478, name: "home" },
];

const ART = "color-mix(in oklch, var(--accent-border) 72%, var(--surface-page))";

export function Arms() {
  return (
    <svg viewBox="0 0 560 470" className="h-auto w-[min(78%,560px)]" aria-hidden>
      <g fill="none" strokeWidth="26" style={{ stroke: ART }}>
        <path d="M223 128V134a42 42 0 0 1-42 42H124a42 42 0 0 0-42 42V392" />
        <path d="M337 128V134a42 42 0 0 0 42 42H436a42 42 0 0 1 42 42V392" />
        <path d="M257 140V182C257 236 214 232 214 286V392" />
        <path d="M303 140V182C303 236 346 232 346 286V392" />
      </g>
      <path
        fillRule="evenodd"
        style={{ fill: ART }}
        d="M210 150V92A70 70 0 0 1 350 92V150H324A4 4 0 0 0 316 150H290A10 10 0 0 0 270 150H244A4 4 0 0 0 236 150ZM252 80a15 15 0 1 0 0 30a15 15 0 1 0 0-30ZM308 80a15 15 0 1 0 0 30a15 15 0 1 0 0-30Z"
      />
      {SERVICES.map(({ x, name }) => (
        <g key={name}>
          <rect
            x={x - 54}
            y="384"
            width="108"
            height="56"
            rx="12"
            fill="var(--surface)"
            stroke="var(--border)"
          />
          <circle cx={x} cy="384" r="8" fill="var(--surface)" stroke="var(--accent)" strokeWidth="3.5" />
          <text
            x={x}
            y="419"
            textAnchor="middle"
            fontSize="14"
            fill="var(--text-muted)"
            style={{ fontFamily: "var(--font-mono)" }}
          >
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}
