// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors where `WAMP_SIDECAR_STRICT` is set, as in CI; a user's newer compiler must not stop the build.
let strict = Context.environment["WAMP_SIDECAR_STRICT"] != nil

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

/// For the targets that import C: each unsafe expression is marked as such.
let memorySafe = settings + [.strictMemorySafety()]

/// For the targets that run at the start or for a person, not for each call: small rather than fast.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// The commit that `--version` names: the build is handed it, as git's folder is not where every build is.
let commit: [CSetting] =
    (Context.environment["WAMP_SIDECAR_COMMIT"] ?? "")
    .wholeMatch(of: /[0-9a-f]{7,64}/)
    .map { [.define("WAMP_SIDECAR_COMMIT", to: String($0.output))] } ?? []

let nio = "swift-nio"

let package = Package(
    name: "wamp-sidecar",
    products: [
        .executable(name: "wamp-sidecar", targets: ["wamp-sidecar"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CEpoll", cSettings: commit),
        .target(name: "Names", swiftSettings: settings),
        .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: memorySafe),
        .target(
            name: "WAMP",
            dependencies: ["Cryptography", "Names", .product(name: "NIOCore", package: nio)],
            swiftSettings: settings),
        .target(
            name: "NIOOpenSSL",
            dependencies: ["COpenSSL", "Cryptography", .product(name: "NIOCore", package: nio)],
            swiftSettings: memorySafe),
        .target(
            name: "WAMPClient",
            dependencies: [
                "Cryptography",
                "Names",
                "NIOOpenSSL",
                "WAMP",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .target(
            name: "Postgres",
            dependencies: [
                "CLibpq",
                "CEpoll",
                "Names",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: memorySafe),
        .target(
            name: "PostgresWire",
            dependencies: ["Cryptography", .product(name: "NIOCore", package: nio)],
            swiftSettings: settings),
        .target(
            name: "SidecarConfiguration",
            dependencies: ["Cryptography", "CYAML", "Names", "NIOOpenSSL", "Postgres"],
            swiftSettings: memorySafe + small),
        .target(
            name: "Outbox",
            dependencies: ["Names", "WAMP", "WAMPClient", "Postgres", .product(name: "NIOCore", package: nio)],
            swiftSettings: settings),
        .target(
            name: "CallPort",
            dependencies: [
                "Cryptography",
                "Names",
                "NIOOpenSSL",
                "PostgresWire",
                "WAMP",
                "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
            ],
            swiftSettings: settings),
        .target(
            name: "SQLInterface",
            dependencies: ["Cryptography", "Names", "Postgres"],
            resources: [.embedInCode("Schema/SQL")],
            swiftSettings: settings + small),
        .target(
            name: "Functions",
            dependencies: ["Names", "WAMP", "Postgres", .product(name: "NIOCore", package: nio)],
            swiftSettings: settings),
        .target(
            name: "Sidecar",
            dependencies: [
                "CallPort",
                "CEpoll",
                "Cryptography",
                "Functions",
                "Names",
                "NIOOpenSSL",
                "Outbox",
                "WAMP",
                "WAMPClient",
                "Postgres",
                "SidecarConfiguration",
                "SQLInterface",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "NIOConcurrencyHelpers", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(
            name: "ClientCommands",
            dependencies: [
                "Names",
                "SidecarConfiguration",
                "WAMP",
                "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings + small),
        .executableTarget(
            name: "wamp-sidecar",
            dependencies: [
                "ClientCommands",
                "Names",
                "Postgres",
                "Sidecar",
                "SidecarConfiguration",
                "SQLInterface",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings + small,
            // Nothing loads the program as a library: without a table of its symbols it is smaller.
            linkerSettings: [
                .unsafeFlags(
                    ["-Xlinker", "--no-export-dynamic"], .when(platforms: [.linux], configuration: .release))
            ]),
        .testTarget(name: "NamesTests", dependencies: ["Names"], swiftSettings: settings),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"], swiftSettings: settings),
        .testTarget(
            name: "WAMPTests",
            dependencies: ["WAMP", "Cryptography", "Names", .product(name: "NIOCore", package: nio)],
            swiftSettings: settings),
        .testTarget(
            name: "NIOOpenSSLTests",
            dependencies: [
                "NIOOpenSSL", "Cryptography", "TestFolders",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WAMPClientTests",
            dependencies: [
                "Cryptography", "Names", "NIOOpenSSL", "WAMP", "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "websocket-echo",
            dependencies: [
                "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
            ],
            path: "Tests/WebSocketEcho",
            swiftSettings: settings),
        .testTarget(
            name: "PostgresTests",
            dependencies: [
                "Names", "Postgres", "TestChecks",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
            ],
            swiftSettings: settings),
        .target(name: "TestChecks", path: "Tests/TestChecks", swiftSettings: settings),
        .target(name: "TestFolders", path: "Tests/TestFolders", swiftSettings: settings),
        .target(
            name: "PostgresClientEnd",
            dependencies: ["Cryptography", .product(name: "NIOCore", package: nio)],
            path: "Tests/PostgresClientEnd",
            swiftSettings: settings),
        .testTarget(
            name: "PostgresWireTests",
            dependencies: [
                "PostgresWire", "PostgresClientEnd", "Cryptography",
                .product(name: "NIOCore", package: nio),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SidecarConfigurationTests",
            dependencies: [
                "SidecarConfiguration", "Cryptography", "Names", "NIOOpenSSL", "Postgres", "TestFolders",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CallPortTests",
            dependencies: [
                "CallPort", "Cryptography", "Names", "PostgresClientEnd", "PostgresWire", "TestFolders", "WAMP",
                "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
                .product(name: "NIOPosix", package: nio),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SQLInterfaceTests",
            dependencies: ["SQLInterface"],
            swiftSettings: settings),
        .testTarget(
            name: "ClientCommandsTests",
            dependencies: [
                "ClientCommands", "Names", "SidecarConfiguration", "WAMP", "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "OutboxTests",
            dependencies: [
                "CLibpq", "Names", "Outbox", "Postgres", "TestChecks", "WAMP", "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "FunctionsTests",
            dependencies: [
                "Functions", "Names", "Postgres", "TestChecks", "WAMP",
                .product(name: "NIOCore", package: nio),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SidecarTests",
            dependencies: [
                "Sidecar", "CallPort", "Cryptography", "Functions", "Names", "Outbox", "Postgres",
                "SidecarConfiguration", "TestChecks", "TestFolders", "WAMP",
                "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOPosix", package: nio),
            ],
            swiftSettings: settings),
    ]
)

/// Targets that only `scripts/fuzz` and `scripts/benchmark` build: they use `package` declarations, so they are here.
if Context.environment["WAMP_SIDECAR_TOOLS"] != nil {
    package.targets += [
        .executableTarget(
            name: "transcoding", dependencies: ["WAMP", .product(name: "NIOCore", package: nio)],
            path: "Benchmarks/Sources/transcoding", swiftSettings: settings),
        .executableTarget(
            name: "fuzzing",
            dependencies: [
                "Cryptography", "Names", "PostgresClientEnd", "PostgresWire", "SidecarConfiguration", "WAMP",
                "WAMPClient",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
            ],
            path: "Tests/Fuzzing", exclude: ["corpus"], swiftSettings: settings),
    ]
}
