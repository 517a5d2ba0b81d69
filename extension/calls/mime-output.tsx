// A MIME bundle drawn by JupyterLab's own renderers, always as untrusted: HTML is sanitised and scripts never run,
// because a result is what code on another machine chose to answer.

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MimeModel } from '@jupyterlab/rendermime';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { useEffect, useRef, useState } from 'react';

import { Note } from './parts';
import { useServices } from './services';

export function MimeOutput({ bundle }: { readonly bundle: Readonly<Record<string, string>> }): JSX.Element {
  const { rendermime } = useServices();
  const mimeType = rendermime?.preferredMimeType(bundle, 'ensure');
  if (rendermime === null || mimeType === undefined || mimeType === 'text/plain')
    return <pre className="farcall-Text">{bundle['text/plain'] ?? ''}</pre>;
  return <Rendered rendermime={rendermime} mimeType={mimeType} bundle={bundle} />;
}

interface RenderedProps {
  readonly rendermime: IRenderMimeRegistry;
  readonly mimeType: string;
  readonly bundle: Readonly<Record<string, string>>;
}

function Rendered({ rendermime, mimeType, bundle }: RenderedProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    if (host.current === null) return undefined;
    const renderer = rendermime.createRenderer(mimeType);
    host.current.replaceChildren(renderer.node);
    if (renderer.node.isConnected) MessageLoop.sendMessage(renderer, Widget.Msg.AfterAttach);
    renderer
      .renderModel(new MimeModel({ data: { ...bundle }, trusted: false }))
      .catch((error: unknown) => setProblem(String(error)));
    return () => {
      if (renderer.isDisposed) return;
      if (renderer.isAttached) MessageLoop.sendMessage(renderer, Widget.Msg.BeforeDetach);
      renderer.node.remove();
      renderer.dispose();
    };
  }, [rendermime, mimeType, bundle]);
  if (problem !== '') return <Note glyph="problem">{problem}</Note>;
  return <div ref={host} className="farcall-Rendered" />;
}
