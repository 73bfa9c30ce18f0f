/// The broker has taken an event: `[17, request, publication]`. Comes only if PUBLISH asked for it.
package struct Published: Sendable, Equatable {
    /// The PUBLISH.
    package var request: RequestID
    /// The event.
    package var publication: PublicationID

    /// Takes the elements in the order of the message.
    package init(request: RequestID, publication: PublicationID) {
        self.request = request
        self.publication = publication
    }
}
