import { TextLink } from './link.tsx'

/** A version, leading to its place in its model's page. */
export function VersionLink({ version }: { readonly version: string }) {
  const [name = '', number] = version.split(':')
  return (
    <TextLink to="/models/$name" params={{ name }} search={{ version: Number(number) }} className="whitespace-nowrap">
      {version}
    </TextLink>
  )
}
