/** What a device tells of a notification. */
export type ReceiptEvent = 'shown' | 'clicked' | 'closed';

/** What a device told of one delivery. */
export type Receipt = {
  readonly event: ReceiptEvent;
  /** Of the button that was clicked. */
  readonly action: string | null;
  readonly at: string;
};

/** How many deliveries of a notification were shown, clicked and closed, as far as devices told. */
export type ReceiptCounts = {
  readonly shown: number;
  readonly clicked: number;
  readonly closed: number;
  /** Of those clicked, how many by which button, by its `action`. */
  readonly actions: Readonly<Record<string, number>>;
  /** These are the counts so far: more is being counted. Absent from earlier versions. */
  readonly is_counting?: boolean;
};
