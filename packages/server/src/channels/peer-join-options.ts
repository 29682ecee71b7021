/** How the application subscribes a session to a channel. */
export interface PeerJoinOptions<Data = unknown> {
  /** The data of the session as a member, if the channel has presence: JSON. */
  readonly presence?: Data
}
