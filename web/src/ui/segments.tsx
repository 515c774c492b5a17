/** A few choices of which one holds, as buttons beside each other. */
export function Segments<Id extends string>(props: {
  readonly label: string
  readonly choices: readonly { readonly id: Id; readonly name: string }[]
  readonly value: Id
  readonly onChange: (id: Id) => void
}) {
  const { label, choices, value, onChange } = props
  return (
    <fieldset className="inline-flex flex-wrap rounded-lg border border-line bg-sunken p-0.5 text-xs">
      <legend className="sr-only">{label}</legend>
      {choices.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          aria-pressed={id === value}
          onClick={() => onChange(id)}
          className="rounded-md px-2.5 py-1 font-medium text-muted hover:text-ink aria-pressed:bg-surface aria-pressed:text-ink aria-pressed:ring-1 aria-pressed:ring-line-strong"
        >
          {name}
        </button>
      ))}
    </fieldset>
  )
}
