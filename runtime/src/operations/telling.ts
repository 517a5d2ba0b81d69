// Which events of the core are worth a line in the log, at which level, and with which fields. The other lines are written
// where they come about; all of them are in the table of docs/operations.md. Nothing is told for each input or range.

import type { Command } from '../core/commands.js';
import type { Happening } from '../core/events.js';
import type { Log } from '../gateway/log.js';

export function tell(log: Log, happening: Happening, commands: readonly Command[]): void {
  switch (happening.type) {
    case 'client.connected':
    case 'client.lost':
      return log.info({ client: happening.client }, happening.type);
    case 'host.connected': {
      const { host, cpus, memory, gpus, containers } = happening;
      return log.info({ host, cpus, memory, gpus: gpus.length, containers: containers.length }, happening.type);
    }
    case 'host.lost':
      return log.warn({ host: happening.host }, happening.type);
    case 'call.opened': {
      const { call, function: function_id, kind, parent, origin } = happening.opening;
      return log.debug(
        { call, function: function_id, kind, parent: parent?.call_id, user: { origin } },
        happening.type,
      );
    }
    case 'call.cancelled':
      return log.debug({ call: happening.call, scope: happening.scope }, happening.type);
    case 'container.ready':
      return log.debug({ container: happening.container }, happening.type);
    default:
  }
  for (const command of commands)
    if (command.do === 'end')
      log.debug({ call: command.call, state: command.state, inputs: command.count }, 'call.ended');
}
