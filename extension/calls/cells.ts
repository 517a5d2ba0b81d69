// Finds the notebook cell that shows a node, and inserts cells below it. Inserted cells are never run.

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

export function panelOf(tracker: INotebookTracker, node: Node): NotebookPanel | undefined {
  return tracker.find((panel) => panel.node.contains(node));
}

export function insertBelow(tracker: INotebookTracker, node: Node, source: string): void {
  const panel = panelOf(tracker, node);
  if (panel?.model === undefined || panel.model === null) return;
  const { content } = panel;
  const shown = content.widgets.findIndex((cell) => cell.node.contains(node));
  const at = (shown === -1 ? content.activeCellIndex : shown) + 1;
  panel.model.sharedModel.insertCell(at, { cell_type: 'code', source, metadata: { trusted: true } });
  content.activeCellIndex = at;
  content.deselectAll();
  void content.scrollToItem(at, 'smart');
  content.mode = 'edit';
}
