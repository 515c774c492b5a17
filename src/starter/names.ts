/** Words that cannot name a constant of a module, or that a draft imports. */
const taken = [
  ...'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield arguments eval undefined'.split(
    ' ',
  ),
  ...'bool count entity featureView float int int64 mean moment share source string timestamp row'.split(' '),
]

/** Names of a draft, each used once. */
export function uniqueNames(): (wanted: string) => string {
  const used = new Set(taken)
  return (wanted) => {
    let name = wanted
    for (let i = 2; used.has(name); i++) name = `${wanted}${i}`
    used.add(name)
    return name
  }
}

/** `Airport Name` becomes `airport_name`, as a column, a feature or a definition may be called. */
export function snakeCase(text: string, otherwise: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/[^\p{ASCII}]/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  const name = /^[a-z]/.test(words) ? words : words === '' ? otherwise : `${otherwise}_${words}`
  return name.slice(0, 50).replace(/_+$/, '')
}

/** `airport_name` becomes `airportName`, as a constant is called. */
export const camelCase = (snake: string): string =>
  snake.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase())

/** One of many: `orders` is a list of `order`. The word itself where that cannot be told. */
export function singular(word: string): string {
  if (/ies$/.test(word) && word.length > 4) return word.replace(/ies$/, 'y')
  if (/(ss|us|is)$/.test(word)) return word
  if (/(x|ch|sh|ss)es$/.test(word)) return word.replace(/es$/, '')
  return word.replace(/s$/, '')
}

/** What a source calls its columns that the log of received rows or a training set has for itself. */
const reserved = ['received', 'available', 'at', 'as_of', 'label', 'label_status', 'label_at', 'weight']

/** The columns of a file by name, each with a name that a definition may use: its own where that will do. */
export function columnNames(columns: readonly string[]): ReadonlyMap<string, string> {
  const used = new Set<string>()
  return new Map(
    columns.map((column, i) => {
      const own = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(column) && !reserved.includes(column)
      const wanted = own ? column : reserved.includes(column) ? `${column}_` : snakeCase(column, `column_${i + 1}`)
      let name = wanted
      for (let n = 2; used.has(name); n++) name = `${wanted}_${n}`
      used.add(name)
      return [column, name] as const
    }),
  )
}
