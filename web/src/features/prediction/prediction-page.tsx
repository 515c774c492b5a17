import { EmptyState, Page } from '../../ui/index.ts'

export function PredictionPage() {
  return (
    <Page name="Prediction">
      <EmptyState title="On its way." />
    </Page>
  )
}
