// A traceback as text, with the lines that name a place set apart so that the eye finds the person's own cell.

/** `File "…", line 3, in f` and `Cell In[4], line 7`: where a frame stands. */
const PLACE = /^\s*(?:File ["'<]|Cell In)/;
const OWN = /Cell In|ipykernel|<ipython-input/;

export function Traceback({ text }: { readonly text: string }): JSX.Element {
  const lines = text.replace(/\s+$/, '').split('\n');
  return (
    <pre className="farcall-Text farcall-Traceback">
      {lines.map((line, at) => (
        <span key={at} className={lookOf(line, at === lines.length - 1)}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

function lookOf(line: string, isLast: boolean): string | undefined {
  if (isLast) return 'farcall-Traceback-error';
  if (!PLACE.test(line)) return undefined;
  return OWN.test(line) ? 'farcall-Traceback-own' : 'farcall-Traceback-place';
}
