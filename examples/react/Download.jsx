import { useState } from 'react';

export function Download({ copy, target, children }) {
  const [status, say] = useState('');
  const download = async () => {
    say('Checking the signatures…');
    await copy.pullMetadata();
    const file = await copy.pullTarget(target);
    await file.save({ onProgress: ({ received, total }) => say(`${received} of ${total} bytes…`) });
    say('Verified and saved.');
  };
  return (
    <p>
      <button type="button" onClick={() => download().catch((error) => say(`Not saved: ${error.message}`))}>
        {children}
      </button>{' '}
      <output>{status}</output>
    </p>
  );
}
