/** The mark: the sun on its way, and the line that its shadow crosses at noon. */
export function Mark(props: { readonly size?: number }) {
  const { size = 26 } = props
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#1d2230" />
      <path d="M6 21a10 10 0 0 1 20 0" fill="none" stroke="#f2b33d" strokeWidth="2.4" strokeLinecap="round" />
      <path d="M16 6.5V27" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" />
      <circle cx="16" cy="11" r="2.6" fill="#f2b33d" />
    </svg>
  )
}
