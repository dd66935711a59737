import { csrfScenarios } from './csrf.ts'
import { flashScenarios } from './flash.ts'
import { formScenarios } from './forms.ts'
import { loginScenarios } from './logins.ts'
import { memberScenarios } from './members.ts'
import { nestScenarios } from './nest.ts'
import { passportScenarios } from './passport.ts'
import type { Scenario } from './site.ts'
import { socketScenarios } from './sockets.ts'
import { trafficScenarios } from './traffic.ts'

/** Every scenario of Express, each run on both versions. */
export const scenarios: readonly Scenario[] = [
  ...memberScenarios,
  ...passportScenarios,
  ...loginScenarios,
  ...flashScenarios,
  ...csrfScenarios,
  ...trafficScenarios,
  ...formScenarios,
  ...socketScenarios,
  ...nestScenarios
]
