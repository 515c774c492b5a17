import { useQuery } from '@tanstack/react-query'
import { overviewQuery } from '../../api/queries.ts'
import { plural } from '../../format/number.ts'
import { Card, Page, QueryView } from '../../ui/index.ts'
import { ModelTable } from '../overview/model-table.tsx'
import { StartTraining } from '../run/start-training.tsx'

/** All models, with the newest version of each. */
export function ModelsPage() {
  const query = useQuery(overviewQuery)
  return (
    <Page
      name="Models"
      description="What is predicted, and how well the newest version of each does."
      actions={<StartTraining />}
    >
      <QueryView query={query}>
        {({ models }) => (
          <Card flush title={plural(models.length, 'model')} over="AUC on validation rows, 95 % intervals">
            <ModelTable models={models} />
          </Card>
        )}
      </QueryView>
    </Page>
  )
}
