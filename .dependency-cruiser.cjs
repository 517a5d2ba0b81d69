// Who may import whom (ARCHITECTURE.md): the arrows that the compiler cannot see. One rule a wall.
const from = (path, to, name, comment) => ({ name, comment, severity: 'error', from: { path }, to: { path: to } });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    from(
      '^kernel-bridge/src',
      '^(runtime|extension)',
      'contracts-know-nobody',
      'the contracts are imported by both sides and import neither',
    ),
    from(
      '^kernel-bridge/src/wire',
      '^kernel-bridge/src/notebook',
      'wire-without-notebook',
      'the gateway protocol knows no notebook',
    ),
    from(
      '^kernel-bridge/src/notebook',
      '^kernel-bridge/src/wire',
      'notebook-without-wire',
      'the bridge contract knows no gateway',
    ),
    from(
      '^extension',
      '^(runtime|kernel-bridge/src/wire)',
      'extension-speaks-bridge',
      'the extension talks to the kernel, never to the gateway',
    ),
    {
      ...from('^runtime/src/core', '.', 'core-is-pure', 'the core imports the wire only: no I/O, no Node'),
      to: { pathNot: '^(runtime/src/core|kernel-bridge/src/wire)' },
    },
    from(
      '^runtime/src/gateway',
      '^runtime/src/(engines|operations|store/(sqlite|memory|thread)|main|runtime)',
      'gateway-alone',
      'the gateway gets its engine and store handed in',
    ),
    from(
      '^runtime/src/engines',
      '^runtime/src/(gateway|operations|store|main|runtime)',
      'engines-alone',
      'engines know neither sockets nor stores',
    ),
    from(
      '^runtime/src/store',
      '^runtime/src/(gateway|engines|operations|main|runtime)',
      'store-alone',
      'the store knows neither sockets nor engines',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      
    },
  },
};
