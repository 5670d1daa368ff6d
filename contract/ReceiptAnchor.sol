// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.30;

/// @title Anchors of append-only logs: what each sealed epoch of a log came to, for good.
/// @notice Nobody owns this contract and nothing in it can be changed or taken back: a log goes on
/// from where it stands, or not at all. See docs/operating/anchors.md.
contract ReceiptAnchor {
    /// @notice An epoch as its log sealed it: `size` entries with it, the RFC 6962 root of all of
    /// them, and the leaf hash of its SEAL.
    struct Epoch {
        uint40 epoch;
        uint56 size;
        bytes32 root;
        bytes32 sealLeaf;
    }

    /// @notice Where a log stands, and who may take it further. Two words of storage.
    struct Head {
        address operator;
        uint40 epoch;
        uint56 size;
        bytes32 root;
    }

    /// @param claim the log's own Ed25519 signature that `registrant` speaks for it. The EVM can't
    /// check it at a fair price; whoever verifies an anchor does.
    event LogRegistered(
        bytes32 indexed log,
        bytes32 indexed logId,
        address indexed registrant,
        bytes32 ed25519Key,
        string origin,
        bytes claim
    );
    event OperatorSet(bytes32 indexed log, address indexed operator);
    event Anchored(
        bytes32 indexed log,
        uint40 indexed epoch,
        uint56 size,
        bytes32 root,
        bytes32 sealLeaf,
        bytes32 previousRoot
    );

    /// @dev The log is registered already.
    error Registered(bytes32 log);
    /// @dev Only the log's operator may do this; zero: it was never registered.
    error NotOperator(address operator);
    /// @dev The log stands elsewhere than where the epochs go on from.
    error StaleHead(uint56 size, bytes32 root);
    /// @dev Epochs and sizes only grow; `last` was the one before.
    error BadEpoch(uint40 last);
    /// @dev This epoch is anchored, and is another one.
    error Conflict(uint40 epoch);

    mapping(bytes32 log => Head) private heads;

    /// What an epoch came to: its digest, and the time of its block in the last 5 bytes.
    mapping(bytes32 log => mapping(uint40 epoch => bytes32)) private anchored;

    /// @notice What a log is called here. It has the registrant's address in it, so that nobody can
    /// take the place of another's log.
    /// @param logId SHA-256 of the log's origin, a line feed, the byte 1 and its Ed25519 key: the
    /// whole hash that the key id of its verifier key (C2SP signed-note) is the start of
    function logOf(address registrant, bytes32 logId) public pure returns (bytes32) {
        return keccak256(abi.encode(registrant, logId));
    }

    /// @notice Makes a place for a log, whose operator is the caller.
    function register(string calldata origin, bytes32 ed25519Key, bytes calldata claim)
        external
        returns (bytes32 log)
    {
        bytes32 logId = sha256(abi.encodePacked(origin, hex"0a01", ed25519Key));
        log = logOf(msg.sender, logId);
        if (heads[log].operator != address(0)) revert Registered(log);
        heads[log].operator = msg.sender;
        emit LogRegistered(log, logId, msg.sender, ed25519Key, origin, claim);
    }

    /// @notice Hands a log on to another operator. What it is called stays.
    function setOperator(bytes32 log, address to) external {
        if (heads[log].operator != msg.sender) revert NotOperator(heads[log].operator);
        // Nobody's log could be registered anew, and begin anew.
        if (to == address(0)) revert NotOperator(to);
        heads[log].operator = to;
        emit OperatorSet(log, to);
    }

    /// @notice Anchors epochs in order. Those that are here already, and are the same, are passed
    /// over; when one can't be anchored, none is.
    /// @param previousSize size of the log before the first of them, and its root at that size. Both
    /// are 0 where a log is anchored from now on, wherever it stands: only then, so that an hour that
    /// gets in before the first one can't shut it out.
    function anchor(
        bytes32 log,
        uint56 previousSize,
        bytes32 previousRoot,
        Epoch[] calldata epochs
    ) external {
        Head memory head = heads[log];
        if (head.operator != msg.sender) revert NotOperator(head.operator);
        for (uint256 i = 0; i < epochs.length; i++) {
            Epoch calldata next = epochs[i];
            if (timeOf(log, next) == 0) {
                if (head.size != previousSize || head.root != previousRoot) {
                    revert StaleHead(head.size, head.root);
                }
                if (next.epoch <= head.epoch || next.size <= previousSize || next.root == 0) {
                    revert BadEpoch(head.epoch);
                }
                (head.epoch, head.size, head.root) = (next.epoch, next.size, next.root);
                anchored[log][next.epoch] = digestOf(next) | bytes32(block.timestamp);
                emit Anchored(
                    log, next.epoch, next.size, next.root, next.sealLeaf, previousRoot
                );
            }
            (previousSize, previousRoot) = (next.size, next.root);
        }
        heads[log] = head;
    }

    /// @notice Where a log stands, and when each epoch was anchored: seconds, 0 for not yet. Fails
    /// with `Conflict` when one is anchored as something else.
    function standing(bytes32 log, Epoch[] calldata epochs)
        external
        view
        returns (Head memory head, uint40[] memory times)
    {
        head = heads[log];
        times = new uint40[](epochs.length);
        for (uint256 i = 0; i < epochs.length; i++) times[i] = timeOf(log, epochs[i]);
    }

    /// @notice Whether this epoch, and no other in its place, is anchored.
    function isAnchored(bytes32 log, Epoch calldata epoch) external view returns (bool) {
        bytes32 word = anchored[log][epoch.epoch];
        return word != 0 && word >> 40 == digestOf(epoch) >> 40;
    }

    /// @notice Whether a leaf stands at `index` in the tree of `size` leaves with this root.
    /// Source: RFC 9162, section 2.1.3.2.
    function verifyInclusion(
        uint64 index,
        uint64 size,
        bytes32 leaf,
        bytes32[] calldata proof,
        bytes32 root
    ) external pure returns (bool) {
        if (index >= size) return false;
        uint64 last = size - 1;
        for (uint256 i = 0; i < proof.length; i++) {
            if (last == 0) return false;
            if (index & 1 == 1 || index == last) {
                leaf = sha256(abi.encodePacked(hex"01", proof[i], leaf));
                while (index & 1 == 0 && index != 0) (index, last) = (index >> 1, last >> 1);
            } else {
                leaf = sha256(abi.encodePacked(hex"01", leaf, proof[i]));
            }
            (index, last) = (index >> 1, last >> 1);
        }
        return last == 0 && leaf == root;
    }

    /// Time at which an epoch was anchored, 0 for not yet.
    function timeOf(bytes32 log, Epoch calldata epoch) private view returns (uint40) {
        bytes32 word = anchored[log][epoch.epoch];
        if (word == 0) return 0;
        if (word >> 40 != digestOf(epoch) >> 40) revert Conflict(epoch.epoch);
        return uint40(uint256(word));
    }

    /// What an epoch came to: 27 bytes, then 5 empty ones.
    function digestOf(Epoch calldata epoch) private pure returns (bytes32) {
        bytes32 digest = keccak256(abi.encode(epoch.size, epoch.root, epoch.sealLeaf));
        return digest >> 40 << 40;
    }
}
