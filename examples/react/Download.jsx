import { useState } from 'react';

export function Download({ copy, target, children }) {
  const [status, setStatus] = useState('');
  const download = async () => {
    try {
      setStatus('Checking the signatures…');
      await copy.pullMetadata();
      const file = await copy.pullTarget(target);
      await file.save({ onProgress: ({ received, total }) => setStatus(`${received} of ${total} bytes…`) });
      setStatus('Verified and saved.');
    } catch (error) {
      setStatus(`Not saved: ${error.message}`);
    }
  };
  return (
    <p>
      <button type="button" onClick={download}>
        {children}
      </button>{' '}
      <output>{status}</output>
    </p>
  );
}
