/** One field of the form that a row's JSON Schema asks for. */
export interface RequestField {
  readonly name: string
  readonly kind: 'text' | 'number' | 'boolean' | 'json'
  readonly required: boolean
  readonly description: string | null
}

type Schema = Readonly<Record<string, unknown>>

/** The fields of a row, in the order of its schema. What is no single value is written as JSON. */
export function requestFields(schema: Schema): RequestField[] {
  const properties = isSchema(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(properties).map(([name, property]) => ({
    name,
    kind: kindOf(isSchema(property) ? property : {}),
    required: required.includes(name),
    description: isSchema(property) && typeof property.description === 'string' ? property.description : null,
  }))
}

function kindOf(schema: Schema): RequestField['kind'] {
  const types = typesOf(schema).filter((type) => type !== 'null')
  if (types.length === 0 || types.length > 1)
    return types.every((type) => ['number', 'integer'].includes(type)) && types.length > 0 ? 'number' : 'json'
  const [type] = types
  if (type === 'string') return 'text'
  if (type === 'number' || type === 'integer') return 'number'
  return type === 'boolean' ? 'boolean' : 'json'
}

/** A nullable field is written as `type: [..., 'null']` or as a union. */
function typesOf(schema: Schema): string[] {
  if (typeof schema.type === 'string') return [schema.type]
  if (Array.isArray(schema.type)) return schema.type.map(String)
  const union = schema.anyOf ?? schema.oneOf
  return Array.isArray(union) ? [...new Set(union.flatMap((one) => (isSchema(one) ? typesOf(one) : [])))] : []
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands in the form at first. */
export function fieldTexts(fields: readonly RequestField[], example: Schema | null): Record<string, string> {
  return Object.fromEntries(
    fields.map(({ name, kind }) => {
      const value = example?.[name]
      if (value === undefined || value === null) return [name, '']
      return [name, kind === 'json' && typeof value !== 'string' ? JSON.stringify(value) : String(value)]
    }),
  )
}

/** The row that the form says. A field left empty is left out, so that the server says which is missing. */
export function rowOf(
  fields: readonly RequestField[],
  texts: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const { name, kind } of fields) {
    const text = texts[name] ?? ''
    if (text.trim() === '') continue
    row[name] = readAs(kind, text)
  }
  return row
}

/** What cannot be read as its kind goes as text, and the server's answer names the field. */
function readAs(kind: RequestField['kind'], text: string): unknown {
  if (kind === 'number') return Number.isNaN(Number(text)) ? text : Number(text)
  if (kind === 'boolean') return text === 'true'
  if (kind === 'text') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
