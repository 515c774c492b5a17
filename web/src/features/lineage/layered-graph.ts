/** A box of a picture of lineage. `layer` 0 stands leftmost. */
export interface GraphNode {
  readonly id: string
  readonly layer: number
}

/** An arrow from what something is made of to what is made of it. */
export interface GraphEdge {
  readonly from: string
  readonly to: string
}

/** A graph laid out: each layer's nodes from top to bottom. */
export type Layers<Node extends GraphNode> = readonly (readonly Node[])[]

const sweeps = 6

/**
 * Puts nodes into their layers and orders each so that arrows cross little: the barycenter method of Sugiyama, Tagawa and Toda,
 * "Methods for visual understanding of hierarchical system structures" (1981). Empty layers are left out.
 */
export function layersOf<Node extends GraphNode>(nodes: readonly Node[], edges: readonly GraphEdge[]): Layers<Node> {
  const numbers = [...new Set(nodes.map(({ layer }) => layer))].sort((one, other) => one - other)
  const layers = numbers.map((number) => nodes.filter(({ layer }) => layer === number))
  const neighbors = new Map<string, string[]>()
  for (const { from, to } of edges) {
    neighbors.set(from, [...(neighbors.get(from) ?? []), to])
    neighbors.set(to, [...(neighbors.get(to) ?? []), from])
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const order = sweep % 2 === 0 ? layers.keys() : [...layers.keys()].reverse()
    for (const index of order) {
      // Layers of unlike sizes are compared by where a node stands between the top and the bottom.
      const heights = new Map(
        layers.flatMap((layer, other) =>
          other === index ? [] : layer.map((node, place): [string, number] => [node.id, (place + 0.5) / layer.length]),
        ),
      )
      const height = ({ id }: Node, place: number): number => {
        const known = (neighbors.get(id) ?? []).flatMap((other) => heights.get(other) ?? [])
        if (known.length === 0) return (place + 0.5) / layers[index]!.length
        return known.reduce((sum, one) => sum + one, 0) / known.length
      }
      layers[index] = layers[index]!.map((node, place) => ({ node, height: height(node, place), place }))
        .sort((one, other) => one.height - other.height || one.place - other.place)
        .map(({ node }) => node)
    }
  }
  return layers
}

/** A node with everything that it is made of and everything that is made of it, however far. */
export function relativesOf(id: string, edges: readonly GraphEdge[]): ReadonlySet<string> {
  const found = new Set([id])
  const follow = (from: string, next: (edge: GraphEdge) => readonly [string, string]): void => {
    const seen = new Set([from])
    const queue = [from]
    for (let place = 0; place < queue.length; place++) {
      for (const edge of edges) {
        const [start, end] = next(edge)
        if (start !== queue[place] || seen.has(end)) continue
        seen.add(end)
        found.add(end)
        queue.push(end)
      }
    }
  }
  follow(id, ({ from, to }) => [from, to])
  follow(id, ({ from, to }) => [to, from])
  return found
}
