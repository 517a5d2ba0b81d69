// `update_autoscaler` between its message, the core and the store. Only what was given is set; the rest stays as it is.

import type { AutoscalerUpdate } from '@farcall/kernel-bridge/wire';

import type { Rescaling } from '../core/events.js';
import type { Scaling, ScalingRow } from '../store/scaling.js';

/** What a message sets; nothing: somebody looks. */
export function scalingIn(message: AutoscalerUpdate): Scaling {
  const { min_containers, max_containers, buffer_containers, scaledown_window } = message;
  return {
    ...(min_containers !== undefined && { min_containers }),
    ...(max_containers !== undefined && { max_containers }),
    ...(buffer_containers !== undefined && { buffer_containers }),
    ...(scaledown_window !== undefined && { scaledown_window }),
  };
}

/** The same as the core hears it. */
export function asRescaling({ app, name, scaling }: ScalingRow): Rescaling {
  const { min_containers, max_containers, buffer_containers, scaledown_window } = scaling;
  return {
    app,
    name,
    ...(min_containers !== undefined && { minContainers: min_containers }),
    ...(max_containers !== undefined && { maxContainers: max_containers }),
    ...(buffer_containers !== undefined && { bufferContainers: buffer_containers }),
    ...(scaledown_window !== undefined && { scaledownWindow: scaledown_window }),
  };
}
