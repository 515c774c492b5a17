/** Key columns by name, each as text. */
export type EntityKey = Readonly<Record<string, string>>

/** `SFO`, or `store = 7, aisle = 3` of a key with several columns. */
export function entityName(entity: EntityKey): string {
  const columns = Object.entries(entity)
  if (columns.length === 1) return columns[0]?.[1] ?? ''
  return columns.map(([column, value]) => `${column} = ${value}`).join(', ')
}

/** An entity as it stands in the address: the one value of its key, or its columns as a query of their own. */
export function entityText(entity: EntityKey): string {
  const columns = Object.entries(entity)
  return columns.length === 1 ? (columns[0]?.[1] ?? '') : new URLSearchParams(columns).toString()
}

/** The entity that an address names; null where it names none with these key columns. */
export function parseEntity(text: string | undefined, columns: readonly string[]): EntityKey | null {
  if (text === undefined) return null
  const [only] = columns
  if (columns.length === 1 && only !== undefined) return { [only]: text }
  const search = new URLSearchParams(text)
  const entity = Object.fromEntries(columns.map((column) => [column, search.get(column) ?? '']))
  return Object.values(entity).some((value) => value === '') ? null : entity
}
