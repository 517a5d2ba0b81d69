// farcall's icon: a square that calls another one far away. Coloured by JupyterLab's theme (jp-icon3).

import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">
<rect x="2" y="9" width="5" height="5" rx="1"/><path d="M9 1h5a1 1 0 0 1 1 1v5h-1.6V3.7L8.6 8.5 7.5 7.4l4.8-4.8H9z"/></g></svg>`;

export const farcallIcon = new LabIcon({ name: 'farcall:icon', svgstr: SVG });
