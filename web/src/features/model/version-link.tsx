import { TextLink } from '../../ui/index.ts'

/** `flight-delay:2` taken apart; null for what is no version. */
export function versionParts(version: string): { readonly model: string; readonly number: number } | null {
  const match = /^(.+):(\d+)$/.exec(version)
  return match === null ? null : { model: match[1]!, number: Number(match[2]) }
}

/** A version that leads to its page. */
export function VersionLink({ version }: { readonly version: string }) {
  const parts = versionParts(version)
  if (parts === null) return version
  return (
    <TextLink to="/models/$name" params={{ name: parts.model }} search={{ version: parts.number }}>
      {version}
    </TextLink>
  )
}
