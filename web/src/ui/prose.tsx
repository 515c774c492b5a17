/** A sentence of the platform: what stands between backticks is code. */
export function Prose({ text }: { readonly text: string }) {
  return text.split('`').map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <code
        key={`${part} ${index}`}
        className="rounded bg-sunken px-1 py-px font-mono text-[0.85em] break-words text-ink"
      >
        {part}
      </code>
    ),
  )
}
